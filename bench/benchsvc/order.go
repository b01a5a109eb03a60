package benchsvc

// Order is a value as services have them: nested, with a list, a map and short texts.
type Order struct {
	ID       string            `msgpack:"id" json:"id"`
	Placed   int64             `msgpack:"placed" json:"placed"` // seconds since 1970
	Customer Customer          `msgpack:"customer" json:"customer"`
	Lines    []Line            `msgpack:"lines" json:"lines"`
	Notes    map[string]string `msgpack:"notes" json:"notes"`
}

// Customer is who ordered.
type Customer struct {
	Name    string  `msgpack:"name" json:"name"`
	Email   string  `msgpack:"email" json:"email"`
	Address Address `msgpack:"address" json:"address"`
}

// Address is where a [Customer] lives.
type Address struct {
	Street  string `msgpack:"street" json:"street"`
	City    string `msgpack:"city" json:"city"`
	Country string `msgpack:"country" json:"country"`
}

// Line is one article of an [Order].
type Line struct {
	SKU      string   `msgpack:"sku" json:"sku"`
	Quantity int64    `msgpack:"quantity" json:"quantity"`
	Price    float64  `msgpack:"price" json:"price"`
	Tags     []string `msgpack:"tags" json:"tags"`
}

// SampleOrder returns the order that is sent: five lines, about 600 bytes in msgpack.
func SampleOrder() Order {
	return Order{
		ID:     "order-2026-000017",
		Placed: 1_790_000_000,
		Customer: Customer{
			Name:    "Ada Lovelace",
			Email:   "ada@example.com",
			Address: Address{Street: "12 St James's Square", City: "London", Country: "GB"},
		},
		Lines: []Line{
			{SKU: "brass-gear-12", Quantity: 400, Price: 1.25, Tags: []string{"brass", "gear"}},
			{SKU: "axle-long", Quantity: 24, Price: 7.5, Tags: []string{"steel"}},
			{SKU: "card-blank", Quantity: 10_000, Price: 0.01, Tags: []string{"paper", "consumable", "bulk"}},
			{SKU: "crank", Quantity: 1, Price: 149.99, Tags: []string{"steel", "wood"}},
			{SKU: "oil-fine", Quantity: 3, Price: 12.4, Tags: []string{"consumable"}},
		},
		Notes: map[string]string{"delivery": "ring twice", "invoice": "by post"},
	}
}
