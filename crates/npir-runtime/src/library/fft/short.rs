//! A few transforms at a time, on one thread, in the memory of their results where that is possible.

use num_complex::Complex;
use rustfft::Fft;

use super::Real;
use super::lines::Line;

/// Transforms lines; `points` is memory for those of all of them, `scratch` what the plan asks for.
pub(super) fn transform<T: Real, L: Line<T>>(
    plan: &dyn Fft<T>,
    lines: &[L],
    points: &mut [Complex<T>],
    scratch: &mut [Complex<T>],
) {
    let n = plan.len();
    for line in lines {
        line.prepare(0..line.before());
    }
    let places: Option<Vec<_>> = lines.iter().map(L::place).collect();
    match places {
        Some(places) if !places.is_empty() => in_place(plan, lines, &places, scratch),
        _ => {
            let rows: Vec<_> = points.chunks_exact_mut(n).map(<[_]>::as_mut_ptr).collect();
            // SAFETY: rows of `n` points, ours alone.
            unsafe { load(lines, &rows, n) };
            plan.process_with_scratch(&mut points[..lines.len() * n], scratch);
            for (line, points) in lines.iter().zip(points.chunks_exact(n)) {
                for (i, z) in points.iter().enumerate() {
                    // SAFETY: below `n`; the line is ours alone.
                    unsafe { line.store(i, *z) };
                }
            }
        }
    }
    for line in lines {
        line.finish(0..line.rest());
    }
}

fn in_place<T: Real, L: Line<T>>(
    plan: &dyn Fft<T>,
    lines: &[L],
    places: &[*mut Complex<T>],
    scratch: &mut [Complex<T>],
) {
    let n = plan.len();
    if !L::IN_PLACE {
        // SAFETY: places of `n` points, ours alone.
        unsafe { load(lines, places, n) };
    }
    let follow = places.windows(2).all(|p| p[0].wrapping_add(n) == p[1]);
    let (step, count) = match follow {
        true => (places.len(), n * places.len()),
        false => (1, n),
    };
    for (place, line) in places.iter().zip(lines).step_by(step) {
        // SAFETY: as above; places that follow each other are one. All points are written.
        let points = unsafe { std::slice::from_raw_parts_mut(*place, count) };
        plan.process_with_scratch(points, scratch);
        let factor = line.factor();
        if factor != T::one() {
            points.iter_mut().for_each(|z| *z = *z * factor);
        }
    }
}

/// Reads lines into rows of `n` points.
///
/// # Safety
/// Each row is memory for as many points, which nobody else uses.
unsafe fn load<T: Real, L: Line<T>>(lines: &[L], rows: &[*mut Complex<T>], n: usize) {
    let Some(first) = lines.first() else { return };
    let count = first.len().min(n);
    if lines.len() > 1 && first.is_across() {
        for i in 0..count {
            for (line, row) in lines.iter().zip(rows) {
                // SAFETY: the caller's contract; `i` is below both.
                unsafe { row.add(i).write(line.load(i)) };
            }
        }
    } else {
        for (line, row) in lines.iter().zip(rows) {
            for i in 0..count {
                // SAFETY: the same.
                unsafe { row.add(i).write(line.load(i)) };
            }
        }
    }
    for row in &rows[..lines.len()] {
        // SAFETY: the rest of the row.
        unsafe { row.add(count).write_bytes(0, n - count) };
    }
}
