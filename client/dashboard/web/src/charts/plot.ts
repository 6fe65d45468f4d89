// The part of Observable Plot that the charts use; only this file names the library, so that it is loaded with the first chart.
export { areaY, axisX, axisY, barX, barY, dot, gridX, gridY, lineY, plot, rectY, ruleX, ruleY, text, tip, pointerX, tickX } from "@observablehq/plot";
