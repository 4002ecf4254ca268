package person

import "strings"

// gap stands between title, first name and last name of one kept text: a no-break space, which reads like any other and is in no typed part. So a name in
// parts is shown, searched, exported, rectified and erased like one that was typed whole.
const gap = "\u00a0"

// titles are how people are addressed, by what a form sends; they are optional everywhere.
var titles = map[string]string{"mme": "Mme", "m": "M."}

// IsTitle reports whether a form may send this title; none is one.
func IsTitle(code string) bool { return code == "" || titles[code] != "" }

// Named makes one text of what was typed apart; empty when nothing was. Parts reads it.
func Named(title, first, last string) string {
	clean := func(s string) string { return strings.Join(strings.Fields(s), " ") }
	first, last = clean(first), clean(last)
	if first == "" && last == "" {
		return ""
	}
	name := first + gap + last
	if t := titles[title]; t != "" {
		name = t + gap + name
	}
	return name
}

// Parts reads what Named wrote. Of a name that was typed whole everything is last.
func Parts(name string) (title, first, last string) {
	title, rest := untitled(name)
	first, last, parted := strings.Cut(rest, gap)
	if !parted {
		return title, "", rest
	}
	return title, first, strings.ReplaceAll(last, gap, " ")
}

// Parted reports whether a name was typed in parts.
func Parted(name string) bool { return strings.Contains(name, gap) }

// untitled takes the title off: it is what a form sends, and no word to be found by.
func untitled(name string) (title, rest string) {
	for code, word := range titles {
		if rest, ok := strings.CutPrefix(name, word+gap); ok {
			return code, rest
		}
	}
	return "", name
}
