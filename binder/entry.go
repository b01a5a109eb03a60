package binder

// An Entry is the answer to a lookup.
type Entry struct {
	// Service is the one that was looked up, or that has the method.
	Service string `json:"service"`
	// Method is empty where a whole service was looked up.
	Method string `json:"method,omitempty"`
	// Records are the service's instances, only those with the method if there is one,
	// ordered by instance. There is at least one.
	Records []Record `json:"records"`
	// Omitted counts records left out because the answer would not fit a message.
	Omitted int `json:"omitted,omitempty"`
	// Revision is the registry's: events up to it are already in this answer.
	Revision uint64 `json:"revision"`
}

// missing is that of an [answer].
func (e *Entry) missing() string {
	if checkName("service", e.Service) != nil {
		return `"service"`
	}
	for i := range e.Records {
		if r := &e.Records[i]; r.Service != e.Service || checkName("instance", r.Instance) != nil {
			return `"records" of that service`
		}
	}
	return ""
}
