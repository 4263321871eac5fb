"""A picture to the places that are read: lines of digits, as far as their ink reaches."""
