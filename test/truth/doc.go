// Package truth holds the verdicts of chaosctl to what is known beforehand: shops whose weakness is certain, and a healthy one, are
// crossed with faults, and each experiment must come out as the table of docs/truth-table.md says. The table was written before
// the first run. A cell that passes where a weakness should have been found is a false pass, one that fails without its weakness
// being to blame a false fail, and neither may be.
package truth
