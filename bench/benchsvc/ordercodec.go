package benchsvc

import "github.com/helium-rpc/helium/codec"

// The codecs of Order and its parts as a generator writes them: structs are maps by
// the names of their fields, and fields that aren't known are stepped over. Client and
// server share the types Reader and Writer, whichever package names them.

func writeOrder(w *codec.Writer, o *Order) {
	w.MapHeader(5)
	w.String("id")
	w.String(o.ID)
	w.String("placed")
	w.Int(o.Placed)
	w.String("customer")
	writeCustomer(w, &o.Customer)
	w.String("lines")
	w.ArrayHeader(len(o.Lines))
	for i := range o.Lines {
		writeLine(w, &o.Lines[i])
	}
	w.String("notes")
	w.MapHeader(len(o.Notes))
	for key, value := range o.Notes {
		w.String(key)
		w.String(value)
	}
}

func readOrder(r *codec.Reader, o *Order) error {
	return readFields(r, func(field string) (err error) {
		switch field {
		case "id":
			o.ID, err = r.String()
		case "placed":
			o.Placed, err = r.Int(64)
		case "customer":
			err = readCustomer(r, &o.Customer)
		case "lines":
			var n int
			if n, err = r.ArrayHeader(); err != nil {
				return err
			}
			o.Lines = make([]Line, n)
			for i := range o.Lines {
				if err = readLine(r, &o.Lines[i]); err != nil {
					return err
				}
			}
		case "notes":
			err = readNotes(r, o)
		default:
			err = r.Skip()
		}
		return err
	})
}

func readNotes(r *codec.Reader, o *Order) error {
	n, err := r.MapHeader()
	if err != nil {
		return err
	}
	o.Notes = make(map[string]string, min(n, 64))
	for range n {
		key, err := r.String()
		if err != nil {
			return err
		}
		if o.Notes[key], err = r.String(); err != nil {
			return err
		}
	}
	return nil
}

func writeCustomer(w *codec.Writer, c *Customer) {
	w.MapHeader(3)
	w.String("name")
	w.String(c.Name)
	w.String("email")
	w.String(c.Email)
	w.String("address")
	w.MapHeader(3)
	w.String("street")
	w.String(c.Address.Street)
	w.String("city")
	w.String(c.Address.City)
	w.String("country")
	w.String(c.Address.Country)
}

func readCustomer(r *codec.Reader, c *Customer) error {
	return readFields(r, func(field string) (err error) {
		switch field {
		case "name":
			c.Name, err = r.String()
		case "email":
			c.Email, err = r.String()
		case "address":
			err = readAddress(r, &c.Address)
		default:
			err = r.Skip()
		}
		return err
	})
}

func readAddress(r *codec.Reader, a *Address) error {
	return readFields(r, func(field string) (err error) {
		switch field {
		case "street":
			a.Street, err = r.String()
		case "city":
			a.City, err = r.String()
		case "country":
			a.Country, err = r.String()
		default:
			err = r.Skip()
		}
		return err
	})
}

func writeLine(w *codec.Writer, l *Line) {
	w.MapHeader(4)
	w.String("sku")
	w.String(l.SKU)
	w.String("quantity")
	w.Int(l.Quantity)
	w.String("price")
	w.Float64(l.Price)
	w.String("tags")
	w.ArrayHeader(len(l.Tags))
	for _, tag := range l.Tags {
		w.String(tag)
	}
}

func readLine(r *codec.Reader, l *Line) error {
	return readFields(r, func(field string) (err error) {
		switch field {
		case "sku":
			l.SKU, err = r.String()
		case "quantity":
			l.Quantity, err = r.Int(64)
		case "price":
			l.Price, err = r.Float64()
		case "tags":
			var n int
			if n, err = r.ArrayHeader(); err != nil {
				return err
			}
			l.Tags = make([]string, n)
			for i := range l.Tags {
				if l.Tags[i], err = r.String(); err != nil {
					return err
				}
			}
		default:
			err = r.Skip()
		}
		return err
	})
}

// readFields reads a struct: for each field it calls read, which steps over the value.
func readFields(r *codec.Reader, read func(field string) error) error {
	n, err := r.MapHeader()
	if err != nil {
		return err
	}
	for range n {
		name, err := r.BytesRef()
		if err != nil {
			return err
		}
		if err := read(string(name)); err != nil {
			return err
		}
	}
	return nil
}
