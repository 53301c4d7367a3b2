/** Read models as their files declare them, and the reasons why a model or a sync is refused. */
@NullMarked
package dev.freshet.sync.model;

import org.jspecify.annotations.NullMarked;
