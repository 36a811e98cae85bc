// This file is a bank whose transfers must neither make nor lose money.

package soak

import (
	"errors"
	"fmt"
)

// Bank has accounts 1 to Accounts, each with Opening in it at first. It is a
// value.
type Bank struct {
	// Accounts is how many accounts there are, Opening what is in each.
	Accounts, Opening int64
}

// Transfer is one entry of the bank's journal, written in the transaction that
// moved the money.
type Transfer struct {
	// ID is the entry's row in the History.
	ID int64
	// From and To are accounts, Amount is what was moved. An entry without
	// an amount moved nothing.
	From, To, Amount int64
}

// CheckSum says whether a sum over all accounts, read at one moment, is what
// it always is.
func (b Bank) CheckSum(sum int64) error {
	if want := b.Accounts * b.Opening; sum != want {
		return fmt.Errorf("the accounts hold %d together, want %d", sum, want)
	}
	return nil
}

// Check says whether the balances are what the journal says: no transfer took
// effect by half, twice, or without its entry.
func (b Bank) Check(balances map[int64]int64, journal []Transfer) error {
	want := map[int64]int64{}
	for account := int64(1); account <= b.Accounts; account++ {
		want[account] = b.Opening
	}
	for _, t := range journal {
		want[t.From] -= t.Amount
		want[t.To] += t.Amount
	}
	var wrong []error
	for account := int64(1); account <= b.Accounts; account++ {
		if got := balances[account]; got != want[account] {
			wrong = append(wrong, fmt.Errorf("account %d holds %d, by the journal %d", account, got, want[account]))
		}
	}
	if len(balances) != int(b.Accounts) {
		wrong = append(wrong, fmt.Errorf("%d accounts, want %d", len(balances), b.Accounts))
	}
	return errors.Join(wrong...)
}
