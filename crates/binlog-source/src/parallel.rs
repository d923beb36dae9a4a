//! Chunks on all cores.

use std::collections::VecDeque;
use std::sync::mpsc::{Receiver, TryRecvError, sync_channel};

use binlog_parser::Chunk;
use rayon::Scope;

use crate::{Next, Source, SourceError};

/// Results that may wait, for each thread of the pool: enough that no thread runs dry, and memory stays bounded.
const AHEAD: usize = 2;

/// Reads the source to its end. `work` runs on all cores, each chunk by itself; `take` gets the results in the
/// source's order, on the calling thread.
///
/// What was read before the source pauses is taken before it is waited for. The calling thread only cuts and takes:
/// it must not be one of rayon's own.
///
/// # Errors
/// Of the source, after the results of what stood before it; or of `take`, which ends the reading.
pub fn for_each_in_order<T, E>(
    source: &mut dyn Source,
    work: impl Fn(Chunk) -> T + Sync,
    mut take: impl FnMut(T) -> Result<(), E>,
) -> Result<(), E>
where
    T: Send,
    E: From<SourceError>,
{
    let most = AHEAD * rayon::current_num_threads();
    rayon::in_place_scope(|scope| {
        let mut line = Line::default();
        loop {
            match source.next() {
                Ok(Next::Chunk(chunk)) => {
                    line.begin(scope, &work, chunk);
                    line.take_down_to(most, &mut take)?;
                    line.take_ready(&mut take)?;
                }
                Ok(Next::Idle) => line.take_down_to(0, &mut take)?,
                Ok(Next::End) => return line.take_down_to(0, &mut take),
                Err(error) => {
                    line.take_down_to(0, &mut take)?;
                    return Err(error.into());
                }
            }
        }
    })
}

/// Results that are awaited, in the source's order.
struct Line<T> {
    waiting: VecDeque<Receiver<T>>,
}

impl<T> Default for Line<T> {
    fn default() -> Self {
        Self {
            waiting: VecDeque::new(),
        }
    }
}

impl<T: Send> Line<T> {
    fn begin<'s>(&mut self, scope: &Scope<'s>, work: &'s (impl Fn(Chunk) -> T + Sync), chunk: Chunk)
    where
        T: 's,
    {
        let (sender, receiver) = sync_channel(1);
        scope.spawn(move |_| {
            // Nobody waits any more after an error.
            let _ = sender.send(work(chunk));
        });
        self.waiting.push_back(receiver);
    }

    fn take_down_to<E>(&mut self, left: usize, take: &mut impl FnMut(T) -> Result<(), E>) -> Result<(), E> {
        while self.waiting.len() > left {
            // A sender that is gone without a result has panicked, and the scope goes on with the panic.
            let Some(Ok(result)) = self.waiting.pop_front().map(|first| first.recv()) else {
                continue;
            };
            take(result)?;
        }
        Ok(())
    }

    fn take_ready<E>(&mut self, take: &mut impl FnMut(T) -> Result<(), E>) -> Result<(), E> {
        while let Some(first) = self.waiting.front() {
            match first.try_recv() {
                Ok(result) => take(result)?,
                Err(TryRecvError::Empty) => return Ok(()),
                Err(TryRecvError::Disconnected) => {}
            }
            self.waiting.pop_front();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    use super::*;
    use crate::cutter::{CutOptions, Cutter};
    use crate::testing::Log;

    /// Chunks of one transaction each, and an error after them where there shall be one.
    struct Chunks {
        left: VecDeque<Next>,
        fails: bool,
    }

    impl Chunks {
        fn new(count: usize, fails: bool) -> Self {
            let log = Log::new().with_transactions(count);
            let options = CutOptions {
                chunk_limit: 1,
                ..CutOptions::default()
            };
            let mut cutter = Cutter::new("b.000001".into(), options);
            let mut left = VecDeque::new();
            for event in log.events {
                left.extend(cutter.push(event.into()).unwrap().map(Next::Chunk));
                if left.len() % 5 == 4 {
                    left.push_back(Next::Idle);
                }
            }
            Self { left, fails }
        }
    }

    impl Source for Chunks {
        fn next(&mut self) -> Result<Next, SourceError> {
            match (self.left.pop_front(), self.fails) {
                (Some(next), _) => Ok(next),
                (None, false) => Ok(Next::End),
                (None, true) => Err(SourceError::StartPosition {
                    file: "b.000001".into(),
                    position: 7,
                }),
            }
        }
    }

    fn ends(source: &mut Chunks, most: usize) -> (Vec<u64>, Result<(), SourceError>) {
        let started = AtomicUsize::new(0);
        let mut ends = Vec::new();
        let work = |chunk: Chunk| {
            // The earlier ones take longer.
            let number = started.fetch_add(1, Ordering::SeqCst);
            std::thread::sleep(Duration::from_millis(if number.is_multiple_of(4) { 3 } else { 0 }));
            chunk.end
        };
        let result = for_each_in_order(source, work, |end| {
            ends.push(end);
            match ends.len() < most {
                true => Ok(()),
                false => Err(SourceError::NoFormat {
                    file: "b.000001".into(),
                    position: end,
                }),
            }
        });
        (ends, result)
    }

    #[test]
    fn results_come_in_order() {
        let (found, result) = ends(&mut Chunks::new(40, false), usize::MAX);
        assert!(result.is_ok() && found.len() >= 40, "{result:?}, {}", found.len());
        assert!(found.is_sorted());
    }

    #[test]
    fn errors_come_after_what_stood_before_them() {
        let (found, result) = ends(&mut Chunks::new(10, true), usize::MAX);
        assert!(found.len() >= 10);
        assert!(matches!(result, Err(SourceError::StartPosition { .. })));
    }

    #[test]
    fn an_error_of_the_taker_ends_it() {
        let (found, result) = ends(&mut Chunks::new(40, false), 3);
        assert_eq!(found.len(), 3);
        assert!(matches!(result, Err(SourceError::NoFormat { .. })));
    }
}
