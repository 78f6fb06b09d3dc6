⍝ The primes to 30: numbers that exactly two numbers divide.
k ← 1+⍳30
(2 = +⌿ 0 = k∘.|k) / k
