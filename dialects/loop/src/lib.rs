//! The loop dialect: loop nests with a schedule.
