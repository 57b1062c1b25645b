package main

import (
	"fmt"
	"html"
	"strings"
)

// colours of the implementations, in plots.
var colours = map[string]string{
	plainC: "#4d4d4d", tunedC: "#8c8c8c", ours: "#0072b2", engine: "#56b4e9", spacemonkey: "#d55e00", libp2p: "#e69f00", goTLS: "#009e73",
}

// Measures of a plot.
const (
	plotLeft   = 210
	plotWidth  = 520
	plotRight  = 110
	barHeight  = 13
	groupSpace = 12
	plotTop    = 82
)

// plot draws a section as bars: the cost of each implementation, a group of bars for each row, all of a row in proportion to the largest of them.
func (r *results) plot(s section) string {
	var body strings.Builder
	y := plotTop
	text := func(x, y int, anchor, style, content string) {
		fmt.Fprintf(&body, `<text x="%d" y="%d" text-anchor="%s" %s>%s</text>`+"\n", x, y, anchor, style, html.EscapeString(content))
	}
	text(16, 24, "start", `font-size="16" font-weight="bold"`, s.title)
	text(16, 42, "start", `font-size="11"`, s.note+" Less is better.")
	x := 16
	for _, impl := range s.columns() {
		fmt.Fprintf(&body, `<rect x="%d" y="56" width="11" height="11" fill="%s"/>`+"\n", x, colours[impl])
		text(x+16, 66, "start", "", impl)
		x += 34 + 7*len(impl)
	}
	for _, g := range s.groups {
		for _, one := range g.scenarios {
			for _, m := range one.metrics {
				largest := 0.0
				values := map[string]float64{}
				for _, impl := range one.by {
					if v, ok := r.value(cell{one.id(), m.name, impl}); ok {
						values[impl] = v.median
						largest = max(largest, v.median)
					}
				}
				if largest == 0 {
					continue
				}
				title := one.title
				if m.title != "" {
					title += ", " + m.title
				}
				text(plotLeft-10, y+(len(values)*barHeight)/2+4, "end", "", title)
				for _, impl := range s.columns() {
					v, ok := values[impl]
					if !ok {
						continue
					}
					width := v / largest * plotWidth
					fmt.Fprintf(&body, `<rect x="%d" y="%d" width="%.1f" height="%d" fill="%s"/>`+"\n", plotLeft, y, width, barHeight-2, colours[impl])
					text(plotLeft+int(width)+5, y+barHeight-3, "start", `font-size="11"`, strings.TrimSpace(figure(v/m.div)+" "+m.unit))
					y += barHeight
				}
				y += groupSpace
			}
		}
	}
	return fmt.Sprintf(`<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" font-family="sans-serif" font-size="12" fill="#222">
<rect width="100%%" height="100%%" fill="#fff"/>
%s</svg>
`, plotLeft+plotWidth+plotRight, y+8, body.String())
}
