/**
 * Bringing what is kept into line with what is declared, while changes go on being applied.
 *
 * <p>{@link dev.freshet.sync.upkeep.Upkeep} compares the models' folder with the read database. A
 * table that is not mirrored is copied at one position of the source while its changes wait ({@link
 * dev.freshet.sync.upkeep.TableCopy}); a model that is new or declared otherwise is built beside
 * the old one, which goes on serving, and takes its place in one transaction ({@link
 * dev.freshet.sync.upkeep.ModelBuild}). Whatever is interrupted starts anew with the next session.
 */
@NullMarked
package dev.freshet.sync.upkeep;

import org.jspecify.annotations.NullMarked;
