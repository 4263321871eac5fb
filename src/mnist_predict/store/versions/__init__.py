"""Model versions in a store, and who gave which alias to which: values, and how each kind of store keeps them."""
