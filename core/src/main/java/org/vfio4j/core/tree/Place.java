// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.tree;

import java.util.function.Consumer;

/**
 * A directory below {@code /sys/devices} that somebody puts entries into.
 *
 * @param path below {@code /sys}
 * @param content puts the entries there; several places may have the same path
 */
record Place(String path, Consumer<Entries> content) {}
