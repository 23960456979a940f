//! The latency curves as a picture.

use plotters::prelude::*;

use crate::{BenchError, Latency};

const SIZE: (u32, u32) = (900, 480);

/// Latency by percentile, one line for each name, as an SVG document. The axis of time is logarithmic, since what
/// matters is at the far end.
pub fn svg(lines: &[(&str, &Latency)]) -> Result<String, BenchError> {
    let mut document = String::new();
    draw(lines, &mut document).map_err(|error| BenchError::Plot(error.to_string()))?;
    Ok(document)
}

fn draw(lines: &[(&str, &Latency)], document: &mut String) -> Result<(), Box<dyn std::error::Error>> {
    let root = SVGBackend::with_string(document, SIZE).into_drawing_area();
    root.fill(&WHITE)?;
    let points = || lines.iter().flat_map(|(_, latency)| &latency.curve);
    let most = points().map(|(_, ms)| *ms).fold(1.0, f64::max) * 1.2;
    let least = points().map(|(_, ms)| *ms).fold(most, f64::min).max(0.01) * 0.8;
    let mut chart = ChartBuilder::on(&root)
        .margin(20)
        .x_label_area_size(40)
        .y_label_area_size(60)
        .build_cartesian_2d(0.0..100.0, (least..most).log_scale())?;
    chart.configure_mesh().x_desc("percentile").y_desc("milliseconds").light_line_style(WHITE).draw()?;
    for (n, (name, latency)) in lines.iter().enumerate() {
        let color = Palette99::pick(n).to_rgba();
        chart
            .draw_series(LineSeries::new(latency.curve.iter().copied(), color.stroke_width(2)))?
            .label(*name)
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 16, y)], color.stroke_width(2)));
    }
    chart.configure_series_labels().border_style(BLACK.mix(0.2)).background_style(WHITE).draw()?;
    root.present()?;
    Ok(())
}
