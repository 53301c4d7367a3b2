/** What operators can do to a sync: pause, rebuild, verify, and settle dead letters. */
@NullMarked
package dev.freshet.sync.control;

import org.jspecify.annotations.NullMarked;
