package catalogue_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/chaosctl/chaosctl/examples/shop/internal/catalogue"
	"github.com/chaosctl/chaosctl/examples/shop/internal/lastgood"
)

func parse(mode, products string) (catalogue.Config, error) {
	return catalogue.ParseConfig(lastgood.Files{"mode": []byte(mode), "catalogue.json": []byte(products)})
}

func TestParseConfig(t *testing.T) {
	got, err := parse("open\n", `{"products": [{"name": "Cup", "price": 650}]}`)
	assert.NoError(t, err)
	assert.Equal(t, catalogue.Config{Mode: "open", Products: []catalogue.Product{{Name: "Cup", Price: 650}}}, got)
}

func TestParseConfigIsStrict(t *testing.T) {
	const good = `{"products": [{"name": "Cup", "price": 650}]}`
	for _, c := range []struct{ mode, products, want string }{
		{"", good, "mode"},
		{"OPEN", good, "neither"},
		{"open", "", "EOF"},
		{"open", "\x00\xff", "invalid character"},
		{"open", good[:20], "unexpected EOF"},
		{"open", good + "x", "after the end"},
		{"open", `{"products": []}`, "no products"},
		{"open", `{"products": [{"name": "Cup", "prize": 650}]}`, "unknown field"},
		{"open", `{"products": [{"name": "Cup", "price": "650"}]}`, "cannot unmarshal"},
		{"open", `{"products": [{"name": "Cup", "price": 6.5}]}`, "cannot unmarshal"},
		{"open", `{"products": [{"name": "Cup", "price": 0}]}`, "positive"},
		{"open", `{"products": [{"name": " ", "price": 1}]}`, "no name"},
		{"open", `{"products": [{"name": "Cup", "price": 1}, {"name": "Cup", "price": 2}]}`, "twice"},
	} {
		_, err := parse(c.mode, c.products)
		assert.ErrorContains(t, err, c.want, "%q %q", c.mode, c.products)
	}
}
