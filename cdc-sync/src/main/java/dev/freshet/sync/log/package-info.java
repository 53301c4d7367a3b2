/**
 * One ordered log on a broker: whole transactions of a source, in the order of their commits, in
 * one partition of one topic. Each record is a chunk of a transaction and says where that ends.
 */
@NullMarked
package dev.freshet.sync.log;

import org.jspecify.annotations.NullMarked;
