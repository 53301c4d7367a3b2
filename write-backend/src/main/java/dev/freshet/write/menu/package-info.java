/** The menu's commands: put a dish on it, change it, take it off. */
@NullMarked
package dev.freshet.write.menu;

import org.jspecify.annotations.NullMarked;
