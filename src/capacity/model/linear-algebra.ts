/** Small symmetric systems, of three unknowns at most. */
export type Matrix = readonly (readonly number[])[]

/** Sum of the outer products of the rows: JᵀJ. */
export const gramOf = (rows: Matrix): Matrix => {
  const size = rows[0]?.length ?? 0
  const cell = (i: number, j: number) => rows.reduce((sum, row) => sum + (row[i] ?? 0) * (row[j] ?? 0), 0)
  return Array.from({ length: size }, (_, i) => Array.from({ length: size }, (_, j) => cell(i, j)))
}

/** The inverse by Gauss and Jordan with pivots; undefined where the matrix is singular. */
export function inverseOf(matrix: Matrix): Matrix | undefined {
  const size = matrix.length
  const work = matrix.map((row, i) => [...row, ...Array.from({ length: size }, (_, j) => (i === j ? 1 : 0))])
  for (let column = 0; column < size; column += 1) {
    const at = work.reduce(
      (best, row, i) => (i >= column && Math.abs(row[column] ?? 0) > Math.abs(work[best]?.[column] ?? 0) ? i : best),
      column,
    )
    const pivotRow = work[at]
    const pivot = pivotRow?.[column] ?? 0
    if (pivotRow === undefined || Math.abs(pivot) < 1e-300) return undefined
    work[at] = work[column] ?? pivotRow
    const scaled = pivotRow.map((value) => value / pivot)
    work[column] = scaled
    for (const [i, row] of work.entries()) {
      const factor = row[column] ?? 0
      if (i !== column) work[i] = row.map((value, j) => value - factor * (scaled[j] ?? 0))
    }
  }
  return work.map((row) => row.slice(size))
}

export const times = (matrix: Matrix, vector: readonly number[]): readonly number[] =>
  matrix.map((row) => dot(row, vector))

export const dot = (a: readonly number[], b: readonly number[]): number =>
  a.reduce((sum, value, i) => sum + value * (b[i] ?? 0), 0)
