/**
 * Whether clients see what they wrote, whatever goes wrong.
 *
 * <p>{@link dev.freshet.bench.consistency.ConsistencyCheck} runs {@link
 * dev.freshet.bench.consistency.Client}s against a {@link
 * dev.freshet.bench.consistency.WholeSystem} of processes while {@link
 * dev.freshet.bench.consistency.Fault}s come and go; a {@link dev.freshet.bench.consistency.Ledger}
 * keeps what was acknowledged, and says what is missing.
 */
@NullMarked
package dev.freshet.bench.consistency;

import org.jspecify.annotations.NullMarked;
