/** What the client brings along: its token, and the level it asks for. */
@NullMarked
package dev.freshet.gateway.session;

import org.jspecify.annotations.NullMarked;
