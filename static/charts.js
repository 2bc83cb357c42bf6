// <canvas data-chart="id-of-json">: draws the JSON of a json_script with Chart.js; the table beside says the same.
"use strict";

(() => {
  if (typeof Chart === "undefined") return;
  const rtl = document.documentElement.dir === "rtl";
  const persian = document.documentElement.lang === "fa";
  const number = new Intl.NumberFormat(persian ? "fa-IR" : "en");
  Chart.defaults.font.family = getComputedStyle(document.body).fontFamily;
  Chart.defaults.color = "#56686e";
  Chart.defaults.animation = false;

  document.querySelectorAll("canvas[data-chart]").forEach((canvas) => {
    const data = JSON.parse(document.getElementById(canvas.dataset.chart).textContent);
    new Chart(canvas, {
      type: "bar",
      data: {
        labels: data.labels,
        datasets: data.series.map((series) => ({
          label: series.label,
          data: series.values,
          backgroundColor: series.colour,
          borderRadius: 4,
          maxBarThickness: 36,
        })),
      },
      options: {
        responsive: true,
        maintainAspectRatio: false,
        // A slanted label under the last column would be cut at the canvas's edge.
        layout: { padding: { left: rtl ? 14 : 0 } },
        scales: {
          x: { stacked: true, reverse: rtl, grid: { display: false } },
          y: {
            stacked: true,
            beginAtZero: true,
            position: rtl ? "right" : "left",
            ticks: { precision: 0, callback: (value) => number.format(value) },
            grid: { color: "#e8eeee" },
          },
        },
        plugins: {
          legend: { display: data.series.length > 1, rtl, position: "bottom", labels: { boxWidth: 12, usePointStyle: true } },
          tooltip: {
            rtl,
            callbacks: { label: (item) => `${item.dataset.label}: ${number.format(item.parsed.y)}` },
          },
        },
      },
    });
  });
})();
