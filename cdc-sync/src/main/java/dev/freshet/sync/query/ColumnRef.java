package dev.freshet.sync.query;

/** A column of an item of a FROM, by the item's alias; no two items of nested queries share one. */
public record ColumnRef(String alias, String column) {}
