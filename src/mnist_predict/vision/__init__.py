"""bytes -> picture -> ink -> numbers and digits -> 28 x 28 -> classifier -> reading; one module an arrow."""
