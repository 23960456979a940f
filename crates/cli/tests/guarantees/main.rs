//! The five promises of the protocol's section 5, against the real binary: nothing lost, nothing twice, nothing out of
//! order, whatever happens to connections, processes and disks. `docs/testing.md` says how to run the long versions.

mod absence;
mod conflict;
mod crash;
mod disk;
mod load;
mod model;
mod nonce;
mod resume;
mod resume_paging;
mod resume_rare;
mod scene;
mod slow;
mod unread;
