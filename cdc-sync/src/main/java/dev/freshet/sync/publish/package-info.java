/** The publisher as a deployable: it brings a primary's transactions to a log on a broker. */
@NullMarked
package dev.freshet.sync.publish;

import org.jspecify.annotations.NullMarked;
