package network

import (
	_ "embed"
	"encoding/csv"
	"strings"

	"entremise/internal/fault"
)

//go:embed data/trades.csv
var tradesCSV string

// knownTrade is a line of the table of trades: what is the same for every network.
type knownTrade struct {
	label        fault.Text
	naf          string // NAF rév. 2; the nomenclature changes on 2027-01-01 and its codes with it
	repairPrices bool   // arrêté of 24 January 2017 applies
	energyBan    string // "1", "partial" (depends on the work) or "0": C. conso. L223-1 al. 5
}

var known = readTrades(tradesCSV)

func readTrades(s string) map[string]knownTrade {
	rows, err := csv.NewReader(strings.NewReader(s)).ReadAll()
	if err != nil {
		panic("network: embedded table of trades: " + err.Error()) // part of the binary; every test reads it
	}
	out := make(map[string]knownTrade, len(rows))
	for _, r := range rows[1:] {
		out[r[0]] = knownTrade{fault.T(r[1], r[2]), r[3], r[4] == "1", r[5]}
	}
	return out
}
