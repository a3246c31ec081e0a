/** Short names for the generated types: what travels between the program and this page. */
import type { components } from "./schema";

type Schemas = components["schemas"];

export type ServerMessage = Schemas["ServerMessage"];
export type Hello = Schemas["Hello"];
export type LiveUpdate = Omit<Schemas["LiveUpdate"], "volume"> & { readonly volume: Volume };
export type AxisView = Schemas["AxisView"];
export type CoronalLesion = Schemas["CoronalLesion"];
export type CoronalView = Schemas["CoronalView"];
export type CalibrationRecord = Schemas["CalibrationRecord"];
export type Command = Schemas["Command"];
/** Why a device gives no frames. */
export type DeviceLost = Schemas["DeviceLost"];
export type ErrorCode = Schemas["ErrorCode"];
export type Fault = Schemas["Fault"];
export type Issue = Schemas["Issue"];
export type KeyPlane = Schemas["KeyPlane"];
export type LightName = Schemas["LightName"];
export type LightState = Schemas["LightState"];
export type PlaneReason = Schemas["PlaneReason"];
export type Severity = Schemas["Severity"];
export type Size = Schemas["Size"];
export type Source = Schemas["Source"];
export type DescriptorView = Schemas["DescriptorView"];
export type TrackView = Schemas["TrackView"];
/** With its outlines, which the program sends only where they have changed. */
export type TrackVolume = Omit<Schemas["TrackVolume"], "slices_mm"> & { readonly slices_mm: Slices };
export type Unfit = Schemas["Unfit"];
export type Volume = Omit<Schemas["Volume"], "tracks"> & { readonly tracks: readonly TrackVolume[] };
/** A frame as it is sent. */
export type SentUpdate = Schemas["LiveUpdate"];
export type Slices = NonNullable<Schemas["TrackVolume"]["slices_mm"]>;
export type Xy = Schemas["Xy"];
export type BoxXy = Schemas["BoxXy"];
export type Interval = Schemas["Interval"];
