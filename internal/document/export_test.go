package document

import "entremise/internal/network"

// DPV and DPVData are the terms of DPV for a kind of person and a category, for tests outside.
func DPV(w network.Person) string { return dpvWho[w] }

func DPVData(c network.Category) []string { return dpvData[c] }
