⍝ Mean and standard deviation of the columns of a matrix x.
n ← ≢x
mean ← (+⌿x)÷n
deviation ← √(+⌿(x-mean)*2)÷n
(2,≢mean) ⍴ mean,deviation
