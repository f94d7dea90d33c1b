// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.tree;

import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.vfio4j.core.codec.HostUapi;
import org.vfio4j.spi.host.BusNode;
import org.vfio4j.spi.host.Host;

/** Nodes below {@code /dev} that buses of the host offer themselves, as misc devices. Spec: fsl-mc §10.4. */
@Singleton
final class BusNodes {
    private final Host host;

    @Inject
    BusNodes(Host host) {
        this.host = host;
    }

    /** Those there are now. */
    List<BusNode> nodes() {
        return host.buses().stream().flatMap(bus -> bus.nodes().stream()).toList();
    }

    /** Their names. */
    Stream<String> names() {
        return nodes().stream().map(BusNode::name);
    }

    /** The minor number of one of them. */
    int minor(BusNode node) {
        return DeviceNode.BUS_MINOR + nodes().indexOf(node);
    }

    /** The node of a name. */
    Optional<DeviceNode> find(String name) {
        return nodes().stream()
                .filter(node -> node.name().equals(name))
                .findFirst()
                .map(node -> new DeviceNode(
                        node.mode(), DeviceNode.MISC_MAJOR, minor(node), caller -> new HostUapi(node.open(caller))));
    }
}
