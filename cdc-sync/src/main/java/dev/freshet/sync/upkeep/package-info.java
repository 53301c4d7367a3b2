/**
 * Makes what is kept match what is declared, while changes go on being applied.
 *
 * <p>{@link dev.freshet.sync.upkeep.Upkeep} compares the models' folder with the read database. A
 * table that is not mirrored is copied at one position of the source while its changes wait ({@link
 * dev.freshet.sync.upkeep.TableCopy}). A new or changed model is built beside the old one, which
 * goes on serving, and replaces it in one transaction ({@link dev.freshet.sync.upkeep.ModelBuild}).
 * Whatever is interrupted starts over with the next session.
 */
@NullMarked
package dev.freshet.sync.upkeep;

import org.jspecify.annotations.NullMarked;
