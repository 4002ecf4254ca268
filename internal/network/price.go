package network

import "entremise/internal/money"
import "entremise/internal/fault"

// Price is how an introduction is priced, excl. VAT: the base, then every rule whose condition holds, in the order of the file.
type Price struct {
	Bounds [2]money.Amount // Lowest and highest price in euros; no rule and no agent may leave them.
	Base   money.Amount    // Price before any rule.
	VAT    money.Rate      `yaml:"vat"`  // VAT on introductions, for example 20 %.
	Rules  []Rule          `yaml:",opt"` // Rules, applied in order.
}

// Rule changes the price when its condition holds. It has either add or factor.
type Rule struct {
	When    When         // All that must hold.
	Add     money.Amount `yaml:",opt"` // Euros added, negative for a rebate.
	Factor  Factor       `yaml:",opt"` // Multiplies the price reached so far.
	Because fault.Text   // Reason shown to the agent and kept with the request.
}

// When is a condition: everything written must hold. A list holds when one of its values does.
type When struct {
	Urgency     []string     `yaml:",opt" one:"true"` // Ids of urgencies.
	Intent      []string     `yaml:",opt" one:"true"` // Ids of intents.
	Trade       []string     `yaml:",opt" one:"true"` // Slugs of trades.
	Departments []string     `yaml:",opt" one:"true"` // Departments of the place: "75", "2A", "974".
	Hours       Hours        `yaml:",opt"`            // Span of the day at the place, "20:00-07:00".
	Days        []Day        `yaml:",opt" one:"true"` // Days at the place; with hours, both must hold.
	OrDays      []Day        `yaml:",opt" one:"true"` // Days at the place; with hours, one of the two suffices.
	Competition *Competition `yaml:",opt"`            // Number of professionals who could be asked.
	Answers     Cond         `yaml:",opt"`            // Answers to the trade's questions.
}

// Competition bounds the number of eligible professionals, both bounds excluded.
type Competition struct {
	Below int `yaml:",opt"` // Fewer than.
	Above int `yaml:",opt"` // More than.
}
