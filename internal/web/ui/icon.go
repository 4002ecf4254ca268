package ui

import "cmp"

// icons are drawn on a grid of 24, stroke only; one path each.
var icons = map[string]string{
	"phone":    "M5 4h4l1.6 4.6L8 10.4a12 12 0 0 0 5.6 5.6l1.8-2.6L20 15v4a1.6 1.6 0 0 1-1.8 1.6A16 16 0 0 1 3.4 5.8 1.6 1.6 0 0 1 5 4Z",
	"clock":    "M12 3.5a8.5 8.5 0 1 1 0 17 8.5 8.5 0 0 1 0-17ZM12 7.5V12l3 2",
	"place":    "M12 21s7-6.2 7-11.5a7 7 0 0 0-14 0C5 14.8 12 21 12 21ZM12 12a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5Z",
	"bolt":     "M13 3 5 13.500h6L10 21l8-10.500h-6L13 3Z",
	"check":    "m5 12.5 4.5 4.500L19 7.5",
	"cross":    "M6 6l12 12M18 6 6 18",
	"right":    "m9 5 7 7-7 7",
	"left":     "m15 5-7 7 7 7",
	"cart":     "M3 4h2.500l2 11h10l2-8H6.500M9 19.500h.01M16 19.500h.01",
	"wallet":   "M4 7.500V18a1.5 1.5 0 0 0 1.5 1.500h13A1.5 1.5 0 0 0 20 18V9a1.5 1.5 0 0 0-1.5-1.500H4Zm0 0V7a2 2 0 0 1 2-2h11M16 13.500h.01",
	"card":     "M3.5 6h17v12h-17V6Zm0 4h17M7 14.500h3",
	"doc":      "M6.5 3.500h7l4 4v13h-11v-17Zm7 0v4h4M9 12h6M9 15.500h6",
	"user":     "M12 12a3.8 3.8 0 1 0 0-7.600A3.8 3.8 0 0 0 12 12Zm-7 8a7 7 0 0 1 14 0",
	"users":    "M9 11.500a3.3 3.3 0 1 0 0-6.6 3.3 3.3 0 0 0 0 6.600ZM3 19.500a6 6 0 0 1 12 0M16 5.200a3.3 3.3 0 0 1 0 6M17.5 14a6 6 0 0 1 3.5 5.5",
	"search":   "M10.5 17a6.5 6.5 0 1 0 0-13 6.5 6.5 0 0 0 0 13Zm5-1.500L20 20",
	"calendar": "M4.5 6h15v14h-15V6Zm0 4.500h15M8.5 3.500V8M15.5 3.500V8",
	"camera":   "M4 8h3.500L9 5.500h6L16.5 8H20v11H4V8Zm8 8.500a3.2 3.2 0 1 0 0-6.4 3.2 3.2 0 0 0 0 6.400Z",
	"message":  "M4 5h16v11h-9l-4.5 4V16H4V5Z",
	"mail":     "M3.5 6h17v12.500h-17V6Zm0 .5L12 13l8.5-6.5",
	"chart":    "M4 20h16M7 16.500V12M12 16.500V6M17 16.500V9.5",
	"list":     "M8.5 6.500H20M8.5 12H20M8.5 17.500H20M4.5 6.500h.01M4.5 12h.01M4.5 17.500h.01",
	"gear":     "M12 15.200a3.2 3.2 0 1 0 0-6.4 3.2 3.2 0 0 0 0 6.400ZM12 3v3M12 18v3M3 12h3M18 12h3M5.6 5.600l2.1 2.100M16.3 16.300l2.1 2.100M5.6 18.400l2.1-2.100M16.3 7.700l2.1-2.1",
	"bell":     "M6 16.500V11a6 6 0 0 1 12 0v5.500l1.5 2h-15l1.5-2Zm4 4.500h4",
	"menu":     "M4 6.500h16M4 12h16M4 17.500h16",
	"out":      "M14 4.500H5.500v15H14M10.5 12H20m-3.5-3.500L20 12l-3.5 3.5",
	"headset":  "M4.5 16.500V12a7.5 7.5 0 0 1 15 0v4.500M4.5 13.500h3v5h-3v-5Zm12 0h3v5h-3v-5ZM19.5 18.500c0 1.5-2 2.5-5 2.5",
	"pen":      "m5 19 1-4L16.5 4.500l3 3L9 18l-4 1Z",
	"table":    "M4 5h16v14H4V5Zm0 4.500h16M4 14.300h16M10 9.500V19",
	"scale":    "M12 4v16M8 20h8M5 7h14M5 7l-2.5 6.500h5L5 7Zm14 0-2.5 6.500h5L19 7Z",
	"offline":  "M4 4l16 16M8.5 15.500a5 5 0 0 1 5.8-.9M5.5 12a9 9 0 0 1 4-2.300M18.5 12a9 9 0 0 0-4.7-2.500M12 19h.01",
	"tap":      "M5 10V7h7M9 7V4.500M6.5 4.500h5M12 5.500h3.500A4.5 4.5 0 0 1 20 10v2h-4v-2h-4M18 15.500s-1.5 2-1.5 3a1.5 1.5 0 0 0 3 0c0-1-1.5-3-1.5-3Z",
	"key":      "M8 16.500a4 4 0 1 0 0-8 4 4 0 0 0 0 8Zm4-4h8.500v3.500M17 12.500v2.5",
	"plug":     "M9 3.500V8M15 3.500V8M6.5 8h11v3a5.5 5.5 0 0 1-11 0V8ZM12 16.500v4",
	"flame":    "M12 20.500a6 6 0 0 0 6-6c0-4.5-4-6-4.5-11-3 1.5-4 4-3.8 6.300C8.5 9.5 8 8.5 7.8 7.5 6.5 9.5 6 12 6 14.500a6 6 0 0 0 6 6Z",
	"window":   "M5 4h14v16H5V4Zm7 0v16M5 12h14",
	"roof":     "M3 12 12 4.5 21 12M6 10v9.500h12V10M10.5 19.500V14h3v5.5",
	"drain":    "M12 3.500v5M5 8.500h14v2a7 7 0 0 1-14 0v-2ZM12 17.500v3M9 20.500h6",
	"bug":      "M12 8a4 4 0 0 1 4 4v3a4 4 0 0 1-8 0v-3a4 4 0 0 1 4-4Zm0 0v11M9.500 8.500 7.500 5.500M14.500 8.500l2-3M8 12H4.500M8 15.500H4.500M16 12h3.500M16 15.500h3.500",
	"washer":   "M6 3.500h12v17H6v-17Zm0 4h12M9 5.500h.01M12 17.500a3.500 3.500 0 1 0 0-7 3.500 3.500 0 0 0 0 7Z",
	"shutter":  "M5 4h14v16H5V4Zm0 4h14M5 11h14M5 14h14M12 17v.01",
	"tool":     "M14.5 6.500a4 4 0 0 1 5-1.500l-2.7 2.7 1.5 1.500L21 6.500a4 4 0 0 1-5.5 5L8 19a2 2 0 0 1-3-3l7.5-7.500a4 4 0 0 1 2-2Z",
}

// tradeIcons are those of the trades that we know by slug; any other has a tool.
var tradeIcons = map[string]string{"plombier": "tap", "serrurier": "key", "electricien": "plug", "chauffagiste": "flame", "vitrier": "window", "couvreur": "roof", "debouchage": "drain",
	"store-volet": "shutter", "electromenager": "washer", "desinsectisation": "bug"}

// TradeIcon names the icon of a trade.
func TradeIcon(slug string) string { return cmp.Or(tradeIcons[slug], "tool") }

func iconPath(name string) string {
	if d, ok := icons[name]; ok {
		return d
	}
	return icons["tool"]
}
