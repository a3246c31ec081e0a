//! The breast as a volume, built in slabs where the probe needs it.
//!
//! A voxel holds how strongly it scatters (diffuse, and specular towards the skin) and by how much it attenuates
//! more than gland. What each voxel is depends on the seed and its place only, so slabs may be built in any order
//! and by any thread.

use std::sync::OnceLock;

use crate::mass::{Mass, Voxel};
use crate::noise::Region;
use crate::random::Key;

mod layers;
mod septa;
mod tissue;

use layers::{Heights, Layers};
use tissue::Tissues;

/// Voxel pitch in mm: across, along the sweep, down (two samples of a line).
pub(crate) const PITCH: [f32; 3] = [0.25, 0.3, 0.15];
/// Slices along the sweep in one slab.
const SLICES: usize = 4;
/// A column is longer than the picture is deep, so that a block read at its end stays inside.
const SPARE: usize = 16;

/// Echo codes: 0 is nothing, each further code 0.4 dB from -80 dB.
const CODE_DB: f32 = 0.4;
const CODE_FLOOR: f32 = -80.0;
/// Attenuation codes, dB/mm each.
pub(crate) const ATTENUATION_STEP: f32 = 0.02;

/// The amplitude of each echo code.
pub(crate) fn amplitudes() -> [f32; 256] {
    std::array::from_fn(|code| {
        if code == 0 { 0.0 } else { 10.0_f32.powf((CODE_FLOOR + CODE_DB * code as f32) / 20.0) }
    })
}

fn echo_code(db: f32) -> u8 {
    ((db - CODE_FLOOR) / CODE_DB + 0.5).clamp(0.0, 255.0) as u8
}

/// Columns of voxels, z fastest; x next; slices slowest.
pub(crate) struct Slab {
    diffuse: Vec<u8>,
    specular: Vec<u8>,
    attenuation: Vec<i8>,
}

/// One breast.
pub(crate) struct Anatomy {
    layers: Layers,
    key: Key,
    masses: Vec<Mass>,
    extent: Extent,
    slabs: Vec<OnceLock<Slab>>,
}

/// The box of breast space that is kept, in voxels from its corner at (`x0`, `y0`, 0) mm.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Extent {
    pub(crate) x0: f32,
    pub(crate) y0: f32,
    pub(crate) nx: usize,
    pub(crate) ny: usize,
    pub(crate) nz: usize,
}

impl Extent {
    /// Covers |x| up to `half_width`, y in `along`, and z to `depth`, in mm.
    pub(crate) fn new(half_width: f32, along: [f32; 2], depth: f32) -> Self {
        let cells = |mm: f32, pitch: f32| (mm / pitch).ceil().max(1.0) as usize;
        Self {
            x0: -half_width,
            y0: along[0],
            nx: cells(2.0 * half_width, PITCH[0]),
            ny: cells(along[1] - along[0], PITCH[1]).next_multiple_of(SLICES),
            nz: cells(depth, PITCH[2]) + SPARE,
        }
    }
}

impl Anatomy {
    /// A breast without masses; the closure places them in its gland.
    pub(crate) fn new(
        key: Key,
        extent: Extent,
        place: impl FnOnce(&dyn Fn(f32, f32) -> [f32; 2]) -> Vec<Mass>,
    ) -> Self {
        let layers = Layers::new(key);
        let masses = place(&|x, y| layers.gland(x, y));
        let slabs = (0..extent.ny / SLICES).map(|_| OnceLock::new()).collect();
        Self { layers, key, masses, extent, slabs }
    }

    pub(crate) fn masses(&self) -> &[Mass] {
        &self.masses
    }

    pub(crate) fn slab_count(&self) -> usize {
        self.slabs.len()
    }

    /// The slab that holds the place `y` mm along the sweep, the nearest one where it lies outside.
    pub(crate) fn slab_at(&self, y: f32) -> usize {
        self.slice(y) / SLICES
    }

    fn slice(&self, y: f32) -> usize {
        (((y - self.extent.y0) / PITCH[1]).max(0.0) as usize).min(self.extent.ny - 1)
    }

    /// Builds a slab unless it is there.
    pub(crate) fn slab(&self, number: usize) -> &Slab {
        self.slabs[number].get_or_init(|| self.build(number))
    }

    /// What may be read between two places along the sweep.
    pub(crate) fn view(&self, y: [f32; 2]) -> View<'_> {
        let (first, last) = (self.slab_at(y[0]), self.slab_at(y[1]));
        let slabs = (first..=last).map(|number| self.slab(number)).collect();
        View { slabs, first_slice: first * SLICES, slices: (last + 1 - first) * SLICES, extent: self.extent }
    }

    fn build(&self, number: usize) -> Slab {
        let Extent { x0, y0, nx, nz, .. } = self.extent;
        let y_first = y0 + (number * SLICES) as f32 * PITCH[1];
        let place =
            |i: usize, j: usize| [x0 + (i as f32 + 0.5) * PITCH[0], y_first + (j as f32 + 0.5) * PITCH[1]];
        let ends = [place(0, 0), place(nx, SLICES)];
        let region =
            Region { x: [ends[0][0], ends[1][0]], y: [ends[0][1], ends[1][1]], depth: nz, pitch: PITCH[2] };
        let mut tissues = Tissues::new(self.key, &region);
        let heights = Grid::new(&self.layers, place, nx);
        let count = nx * SLICES * nz;
        let mut slab = Slab {
            diffuse: Vec::with_capacity(count),
            specular: Vec::with_capacity(count),
            attenuation: Vec::with_capacity(count),
        };
        for j in 0..SLICES {
            let near: Vec<&Mass> =
                self.masses.iter().filter(|m| (place(0, j)[1] - m.centre[1]).abs() < m.reach()).collect();
            for i in 0..nx {
                let [x, y] = place(i, j);
                let column = tissues.column(&self.layers, [x, y], heights.at(i, j));
                paint(&near, [x, y], column);
                for voxel in column {
                    slab.diffuse.push(echo_code(voxel.db));
                    // 20 log10 of an amplitude.
                    slab.specular.push(if voxel.specular < 1e-3 {
                        0
                    } else {
                        echo_code(8.685_89 * voxel.specular.ln())
                    });
                    slab.attenuation.push((voxel.attenuation / ATTENUATION_STEP).clamp(-127.0, 127.0) as i8);
                }
            }
        }
        slab
    }
}

/// Lays the masses over one column.
fn paint(masses: &[&Mass], [x, y]: [f32; 2], column: &mut [Voxel]) {
    for mass in masses {
        let reach = mass.reach();
        let flat = (x - mass.centre[0]).powi(2) + (y - mass.centre[1]).powi(2);
        if flat > reach * reach {
            continue;
        }
        let half = (reach * reach - flat).sqrt();
        let index = |z: f32| ((z / PITCH[2]).max(0.0) as usize).min(column.len());
        let (from, to) = (index(mass.centre[2] - half), index(mass.centre[2] + half));
        for (k, voxel) in column.iter_mut().enumerate().take(to).skip(from) {
            *voxel = mass.paint([x, y, (k as f32 + 0.5) * PITCH[2]], *voxel);
        }
    }
}

/// Heights under the columns of one slab, and one row and column more for their slopes.
struct Grid {
    nx: usize,
    heights: Vec<Heights>,
}

/// The heights of a column with those of its neighbours across and along.
pub(crate) struct Under {
    here: Heights,
    across: Heights,
    along: Heights,
}

impl Grid {
    fn new(layers: &Layers, place: impl Fn(usize, usize) -> [f32; 2], nx: usize) -> Self {
        let at = |(j, i): (usize, usize)| {
            let [x, y] = place(i, j);
            layers.under(x, y)
        };
        Self { nx, heights: (0..=SLICES).flat_map(|j| (0..=nx).map(move |i| (j, i))).map(at).collect() }
    }

    fn at(&self, i: usize, j: usize) -> Under {
        let row = self.nx + 1;
        let index = j * row + i;
        Under { here: self.heights[index], across: self.heights[index + 1], along: self.heights[index + row] }
    }
}

/// A stretch of the volume with its slabs built.
pub(crate) struct View<'a> {
    slabs: Vec<&'a Slab>,
    first_slice: usize,
    slices: usize,
    extent: Extent,
}

/// The codes down one column.
#[derive(Clone, Copy)]
pub(crate) struct Column<'a> {
    pub(crate) diffuse: &'a [u8],
    pub(crate) specular: &'a [u8],
    pub(crate) attenuation: &'a [i8],
}

impl View<'_> {
    /// The column nearest to (x, y); outside the volume, the nearest at its border.
    #[inline]
    pub(crate) fn column(&self, x: f32, y: f32) -> Column<'_> {
        let Extent { x0, y0, nx, nz, .. } = self.extent;
        let i = (((x - x0) * (1.0 / PITCH[0])).max(0.0) as usize).min(nx - 1);
        let slice = ((y - y0) * (1.0 / PITCH[1])).max(0.0) as usize;
        let slice = slice.saturating_sub(self.first_slice).min(self.slices - 1);
        let slab = self.slabs[slice / SLICES];
        let start = ((slice % SLICES) * nx + i) * nz;
        Column {
            diffuse: &slab.diffuse[start..start + nz],
            specular: &slab.specular[start..start + nz],
            attenuation: &slab.attenuation[start..start + nz],
        }
    }
}

#[cfg(test)]
impl Slab {
    /// Plain gland of one code, for the tests of the speckle.
    pub(crate) fn plain(depth: usize) -> Self {
        let count = SLICES * depth;
        // Code 200 is 0 dB.
        Self { diffuse: vec![200; count], specular: vec![0; count], attenuation: vec![0; count] }
    }

    /// One column that is everywhere.
    pub(crate) fn view(&self) -> View<'_> {
        let nz = self.diffuse.len() / SLICES;
        let extent = Extent { x0: 0.0, y0: 0.0, nx: 1, ny: SLICES, nz };
        View { slabs: vec![self], first_slice: 0, slices: SLICES, extent }
    }
}
