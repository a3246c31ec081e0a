/** Adding files to the list: chosen, or dropped anywhere on it. */
import { type QueryClient, useQueryClient } from "@tanstack/react-query";
import { type DragEvent, useState, useSyncExternalStore } from "react";
import { sendFile } from "./stow";
import { filesIn, type Upload, Uploads } from "./uploads";

export interface UsedUploads {
  readonly uploads: Uploads;
  readonly all: readonly Upload[];
  /** Files hang over the page. */
  readonly over: boolean;
  readonly onDrag: {
    readonly onDragEnter: (event: DragEvent) => void;
    readonly onDragOver: (event: DragEvent) => void;
    readonly onDragLeave: (event: DragEvent) => void;
    readonly onDrop: (event: DragEvent) => void;
  };
  /** The panel of the files is open. */
  readonly open: boolean;
  readonly setOpen: (open: boolean) => void;
  readonly choose: (files: FileList | null) => void;
}

// It goes on while a study is looked at.
let present: Uploads | null = null;

function uploadsOf(client: QueryClient): Uploads {
  present ??= new Uploads<File>(sendFile, () => {
    for (const key of ["studies", "series", "instances", "study"]) {
      void client.invalidateQueries({ queryKey: [key] });
    }
  });
  return present;
}

export function useUploads(): UsedUploads {
  const uploads = uploadsOf(useQueryClient());
  const all = useSyncExternalStore(uploads.subscribe, uploads.getAll);
  const [over, setOver] = useState(false);
  const [open, setOpen] = useState(false);
  const add = (files: readonly { name: string; file: File }[]): void => {
    if (files.length > 0) {
      uploads.add(files);
      setOpen(true);
    }
  };
  const hasFiles = (event: DragEvent): boolean => event.dataTransfer.types.includes("Files");
  const hang = (event: DragEvent): void => {
    if (hasFiles(event)) {
      event.preventDefault();
      setOver(true);
    }
  };
  return {
    uploads,
    all,
    over,
    onDrag: {
      onDragEnter: hang,
      onDragOver: hang,
      onDragLeave: (event) => {
        if (!(event.relatedTarget instanceof Node) || !event.currentTarget.contains(event.relatedTarget)) {
          setOver(false);
        }
      },
      onDrop: (event) => {
        if (hasFiles(event)) {
          event.preventDefault();
          setOver(false);
          void filesIn(event.dataTransfer.items).then(add);
        }
      },
    },
    open,
    setOpen,
    choose: (files) => add([...(files ?? [])].map((file) => ({ name: file.webkitRelativePath || file.name, file }))),
  };
}
