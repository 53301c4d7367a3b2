/** Copying rows by COPY, from one database into another or within one, with its progress told. */
@NullMarked
package dev.freshet.sync.copy;

import org.jspecify.annotations.NullMarked;
