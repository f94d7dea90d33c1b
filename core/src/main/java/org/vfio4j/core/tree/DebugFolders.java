// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.tree;

import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.util.Optional;
import org.vfio4j.core.vfio.CoreDevice;
import org.vfio4j.core.vfio.DeviceRegistry;
import org.vfio4j.core.vfio.MigrationDebug;
import org.vfio4j.spi.host.BusDevice;

/** {@code /sys/kernel/debug/vfio}: what registered devices tell of their migration. Spec: core NA-3. */
@Singleton
final class DebugFolders {
    private final DeviceRegistry registry;

    @Inject
    DebugFolders(DeviceRegistry registry) {
        this.registry = registry;
    }

    /** {@code /sys/kernel/debug/vfio}: a directory for each registered device, named as on its bus. */
    Folder devices() {
        return new Listing(
                () -> registry.devices().stream().map(CoreDevice::busDevice).map(BusDevice::name), this::device);
    }

    private Optional<Folder> device(String name) {
        return registry.devices().stream()
                .filter(device -> device.busDevice().name().equals(name))
                .findFirst()
                .map(DebugFolders::device);
    }

    /** Empty for a device without migration ops. */
    private static Folder device(CoreDevice device) {
        var entries = new Entries();
        MigrationDebug.of(device)
                .ifPresent(debug -> entries.add(
                        "migration",
                        new Entries()
                                .add("features", TextAttribute.readable(debug::features))
                                .add("state", TextAttribute.readable(debug::state))));
        return entries;
    }
}
