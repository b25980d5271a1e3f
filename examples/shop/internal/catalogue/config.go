package catalogue

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/chaosctl/chaosctl/examples/shop/internal/lastgood"
)

// The keys of the ConfigMap, which are mounted as files.
const (
	productsFile = "catalogue.json"
	modeFile     = "mode"
)

// Modes of the shop.
const (
	ModeOpen   = "open"
	ModeClosed = "closed"
)

// Product is one thing for sale.
type Product struct {
	Name  string `json:"name"`
	Price int    `json:"price"` // in cents
}

// Config is what the ConfigMap says, and, in JSON, the answer of /products.
type Config struct {
	Mode     string    `json:"mode"`
	Products []Product `json:"products"`
}

// ParseConfig accepts only a configuration that is right in every field.
func ParseConfig(files lastgood.Files) (Config, error) {
	config := Config{Mode: strings.TrimSpace(string(files[modeFile]))}
	if config.Mode != ModeOpen && config.Mode != ModeClosed {
		return Config{}, fmt.Errorf("%s: %.40q is neither %q nor %q", modeFile, config.Mode, ModeOpen, ModeClosed)
	}
	products, err := parseProducts(files[productsFile])
	if err != nil {
		return Config{}, fmt.Errorf("%s: %w", productsFile, err)
	}
	config.Products = products
	return config, nil
}

func parseProducts(content []byte) ([]Product, error) {
	var document struct {
		Products []Product `json:"products"`
	}
	decoder := json.NewDecoder(bytes.NewReader(content))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&document); err != nil {
		return nil, err
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("there is more after the end of the document")
	}
	if len(document.Products) == 0 {
		return nil, errors.New("no products")
	}
	seen := map[string]bool{}
	for i, product := range document.Products {
		switch {
		case strings.TrimSpace(product.Name) == "":
			return nil, fmt.Errorf("products[%d] has no name", i)
		case seen[product.Name]:
			return nil, fmt.Errorf("products[%d]: %q is there twice", i, product.Name)
		case product.Price <= 0:
			return nil, fmt.Errorf("products[%d]: the price of %q is not a positive number of cents", i, product.Name)
		}
		seen[product.Name] = true
	}
	return document.Products, nil
}
