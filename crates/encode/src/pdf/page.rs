//! Pages and what lies on them, before any of it is written.

use std::sync::Arc;

use super::ink::{Ink, Pen, Step};
use super::text::{Block, SetRun};

/// A4, points.
pub const SIZE: [f32; 2] = [595.28, 841.89];
/// The left and the right edge of what is printed.
pub const LEFT: f32 = 48.0;
pub const RIGHT: f32 = SIZE[0] - 48.0;
pub const WIDTH: f32 = RIGHT - LEFT;
/// Where the head of a page begins.
pub const TOP: f32 = 34.0;
/// Where the foot of a page begins.
pub const BOTTOM: f32 = SIZE[1] - 58.0;

/// What lies on a page.
#[derive(Debug, Clone)]
pub enum Mark {
    /// Glyphs, from the start of their baseline.
    Text { at: [f32; 2], run: SetRun, text: Arc<str> },
    /// A word across the page: its middle, and the angle it is turned by, degrees.
    Diagonal { middle: [f32; 2], degrees: f32, block: Block },
    /// A path, filled and then drawn.
    Path { steps: Vec<Step>, fill: Option<Ink>, pen: Option<Pen> },
    /// A picture: JPEG.
    Picture { at: [f32; 2], size: [f32; 2], jpeg: Arc<Vec<u8>> },
}

/// Fills pages from the top, and begins another where one is full.
pub struct Flow {
    /// The marks of each page, in the order they are drawn in.
    pub pages: Vec<Vec<Mark>>,
    /// Where the next thing goes.
    pub y: f32,
    /// Where a page that follows begins: under its head.
    top: f32,
}

impl Flow {
    /// Of the first page the content begins at `y`, of each other one at `top`.
    pub fn new(y: f32, top: f32) -> Self {
        Self { pages: vec![Vec::new()], y, top }
    }

    pub fn new_page(&mut self) {
        self.pages.push(Vec::new());
        self.y = self.top;
    }

    /// Begins another page where less than `height` is left; not on a page that is still empty.
    pub fn need(&mut self, height: f32) {
        if self.y + height > BOTTOM && self.y > self.top {
            self.new_page();
        }
    }

    pub fn put(&mut self, mark: Mark) {
        if let Some(page) = self.pages.last_mut() {
            page.push(mark);
        }
    }

    pub fn path(&mut self, steps: Vec<Step>, fill: Option<Ink>, pen: Option<Pen>) {
        self.put(Mark::Path { steps, fill, pen });
    }

    /// A block at a place, on this page whatever room it takes.
    pub fn block_at(&mut self, block: &Block, [x, y]: [f32; 2]) {
        if let Some(page) = self.pages.last_mut() {
            block_on(page, block, [x, y]);
        }
    }

    /// A block under what was put before, its lines on the next page where this one is full.
    pub fn block(&mut self, block: &Block, x: f32) {
        for line in &block.lines {
            self.need(line.height);
            for run in &line.runs {
                let at = [x, self.y + line.baseline];
                self.put(Mark::Text { at, run: run.clone(), text: block.text.clone() });
            }
            self.y += line.height;
        }
    }
}

/// A block on a page whose marks these are.
pub fn block_on(page: &mut Vec<Mark>, block: &Block, [x, y]: [f32; 2]) {
    let mut top = y;
    for line in &block.lines {
        let at = [x, top + line.baseline];
        page.extend(line.runs.iter().map(|run| Mark::Text {
            at,
            run: run.clone(),
            text: block.text.clone(),
        }));
        top += line.height;
    }
}
