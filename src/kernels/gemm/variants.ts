import type { Capabilities } from '../../gpu/capabilities';
import { ShapeError, type Target } from '../op';
import { MATRIX_TILE, matrixForm } from './matrix';

/** A workgroup of `lanesX` times `lanesY` invocations computes `lanesY * rows` rows and `4 * lanesX * columns4` columns. */
export interface TileShape {
  readonly lanesX: number;
  readonly lanesY: number;
  /** What one invocation holds in registers: that many rows of that many vec4s. */
  readonly rows: number;
  readonly columns4: number;
}

/** The tiles of shaders/gemm/tiled.wgsl by the rows and columns that they cover, smallest first. */
export const TILES = {
  '32x32': { lanesX: 8, lanesY: 8, rows: 4, columns4: 1 },
  '64x64': { lanesX: 8, lanesY: 8, rows: 8, columns4: 2 },
  '128x64': { lanesX: 8, lanesY: 16, rows: 8, columns4: 2 },
  '128x128': { lanesX: 16, lanesY: 16, rows: 8, columns4: 2 },
} as const satisfies Readonly<Record<string, TileShape>>;

export type TileName = keyof typeof TILES;

/**
 * `panel` (shaders/gemm/panel.wgsl) needs subgroups of a known size; `tiled` (shaders/gemm/tiled.wgsl) runs everywhere, with
 * the tile named or, by itself, one that suits the shape; `matrix` (see matrix.ts) needs subgroup matrices.
 */
export type GemmVariant = 'panel' | 'matrix' | 'tiled' | `tiled ${TileName}`;

export const TILE_NAMES = Object.keys(TILES) as TileName[];

/** `panel` for software adapters with subgroups of a known size, `tiled` for all others. */
export function defaultGemm(capabilities: Capabilities): 'panel' | 'tiled' {
  return capabilities.software && capabilities.subgroupSize > 0 ? 'panel' : 'tiled';
}

/** With fewer tiles of 64 x 64 than this a GPU is not filled, so tiles of 32 x 32 are taken. Not measured on hardware. */
const FEW_TILES = 256;

/** The tile that suits a product of a shape where none was measured. */
export function defaultTile(rows: number, columns: number, batches: number): TileName {
  const tiles = Math.ceil(columns / 64) * Math.ceil(rows / 64) * batches;
  return tiles < FEW_TILES || columns <= 32 ? '32x32' : '64x64';
}

/** The tiles that a device can run. */
export function tilesOf({ maxWorkgroupSize, maxWorkgroupMemory }: Capabilities): TileName[] {
  return TILE_NAMES.filter((name) => {
    const { lanesX, lanesY, rows, columns4 } = TILES[name];
    const bytes = 16 * 4 * (lanesY * rows + 4 * lanesX * columns4);
    return lanesX * lanesY <= maxWorkgroupSize && bytes <= maxWorkgroupMemory;
  });
}

/**
 * The variants that are worth measuring for a product, the usual choice first. Software adapters have one that is always
 * best; on hardware it depends on the device which tile is.
 */
export function gemmCandidates(target: Target, rows: number, columns: number, batches = 1): readonly GemmVariant[] {
  const { capabilities } = target;
  if (defaultGemm(capabilities) === 'panel') {
    return ['panel'];
  }
  // a tile that is mostly outside of the product is never the best
  const isFilled = (tileRows: number, tileColumns: number): boolean =>
    tileRows < 2 * Math.max(rows, 32) && tileColumns < 2 * Math.max(columns, 32);
  const usual = defaultTile(rows, columns, batches);
  const others = tilesOf(capabilities).filter((name) => {
    const { lanesX, lanesY, rows: tileRows, columns4 } = TILES[name];
    return name !== usual && isFilled(lanesY * tileRows, 4 * lanesX * columns4);
  });
  const tiled = [usual, ...others].map((name) => `tiled ${name}` as const);
  return matrixForm(target) !== undefined && isFilled(MATRIX_TILE, MATRIX_TILE) ? [...tiled, 'matrix'] : tiled;
}

/** @throws ShapeError where it is no variant of a GEMM */
export function gemmVariant(variant: string, op: string): GemmVariant {
  const known = ['panel', 'matrix', 'tiled', ...TILE_NAMES.map((name) => `tiled ${name}`)];
  if (!known.includes(variant)) {
    throw new ShapeError(`${op}: no variant ${variant}`);
  }
  return variant as GemmVariant;
}
