⍝ The line through points x, y with the least squares: slope and intercept.
xm ← (+/x)÷≢x ⋄ ym ← (+/y)÷≢y
slope ← (+/(x-xm)×y-ym) ÷ +/(x-xm)*2
slope, ym-slope×xm
