⍝ The distance of every row of x from every row of c.
√ 0⌈ ((+/x*2) ∘.+ +/c*2) - 2×x+.×⍉c
