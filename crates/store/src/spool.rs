//! An object on its way in: bytes go to the disk as they come.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use crate::error::{StoreError, disk};
use crate::objects::{Object, Sum, make_folder};

/// How often the room on the disk is looked at.
const LOOK_EVERY: u64 = 16 << 20;

/// The folder of what is being received, and how much room must stay free beside it.
#[derive(Debug)]
pub(crate) struct Incoming {
    folder: PathBuf,
    keep_free: u64,
    next: AtomicU64,
}

impl Incoming {
    /// The folder, which is made where it is missing.
    pub fn open(folder: PathBuf, keep_free: u64) -> Result<Self, StoreError> {
        make_folder(&folder).map_err(disk("make the folder of what is received"))?;
        Ok(Self::there(folder, keep_free))
    }

    /// The same of a folder that is not made: nothing is received then.
    pub fn there(folder: PathBuf, keep_free: u64) -> Self {
        Self { folder, keep_free, next: AtomicU64::new(0) }
    }

    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Beside it: where objects lie that had their place and no row.
    pub fn unsettled(&self) -> PathBuf {
        self.folder.with_file_name("unsettled")
    }

    /// What an interrupted program left.
    pub fn leftovers(&self) -> io::Result<Vec<PathBuf>> {
        match fs::read_dir(&self.folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
            inside => inside?.map(|entry| Ok(entry?.path())).collect(),
        }
    }

    /// The digests of what an interrupted program left: it may have been given its place already, and no row.
    pub fn digests_left(&self) -> io::Result<BTreeSet<String>> {
        self.leftovers()?.into_iter().map(|path| Ok(Sum::of(File::open(path)?)?.digest)).collect()
    }

    /// A file for one object. Its name is a number: nothing from outside names a file.
    ///
    /// # Errors
    /// [`StoreError::Full`] where the disk is nearly full.
    pub fn spool(&self) -> Result<Spool, StoreError> {
        self.room()?;
        loop {
            let path = self.folder.join(format!("{}.part", self.next.fetch_add(1, Ordering::Relaxed)));
            match File::options().read(true).write(true).create_new(true).open(&path) {
                // What an interrupted program left is still looked at.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(disk("make a file for a received object")(error)),
                Ok(file) => return Ok(Spool { file, path, sum: Sum::new(), unlooked: 0 }),
            }
        }
    }

    /// Bytes that are free on its disk.
    pub fn free(&self) -> Result<u64, StoreError> {
        fs4::available_space(&self.folder).map_err(disk("ask for the room on the disk"))
    }

    fn room(&self) -> Result<(), StoreError> {
        let free = self.free()?;
        let needed = self.keep_free;
        if free < needed { Err(StoreError::Full { free, needed }) } else { Ok(()) }
    }

    /// Writes what came.
    pub fn write(&self, spool: &mut Spool, bytes: &[u8]) -> Result<(), StoreError> {
        spool.sum.update(bytes);
        self.append(spool, bytes)
    }

    /// Writes what is no object yet and is not summed.
    pub fn append(&self, spool: &mut Spool, bytes: &[u8]) -> Result<(), StoreError> {
        spool.unlooked += bytes.len() as u64;
        if spool.unlooked >= LOOK_EVERY {
            spool.unlooked = 0;
            self.room()?;
        }
        spool.file.write_all(bytes).map_err(disk("write a received object"))
    }
}

/// A file that is being received; it is taken away when it is dropped.
pub(crate) struct Spool {
    file: File,
    path: PathBuf,
    sum: Sum,
    unlooked: u64,
}

impl Spool {
    pub fn path(&self) -> &Path {
        &self.path
    }

    pub fn file(&self) -> &File {
        &self.file
    }

    /// Syncs the bytes, and says what they are.
    pub fn finish(&mut self) -> Result<Object, StoreError> {
        self.file.sync_data().map_err(disk("sync a received object"))?;
        Ok(std::mem::replace(&mut self.sum, Sum::new()).finish())
    }
}

impl Drop for Spool {
    fn drop(&mut self) {
        // It may have been moved to its place; what cannot be taken away is at the next start.
        let _ = fs::remove_file(&self.path);
    }
}
