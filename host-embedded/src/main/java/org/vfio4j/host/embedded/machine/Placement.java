// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.machine;

import java.util.Optional;
import java.util.OptionalInt;

/**
 * Where something stands in the isolation picture.
 *
 * @param where its place in the description, for errors
 * @param iommu name of the IOMMU unit in front of it; empty for none
 * @param group number of its isolation group; empty to let the topology decide
 */
public record Placement(SourcePosition where, Optional<String> iommu, OptionalInt group) {}
