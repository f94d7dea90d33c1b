// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.vfio;

import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;
import org.vfio4j.uapi.VfioMigration;

/**
 * What debugfs shows of a device's migration (kernel: {@code vfio_device_debugfs_init}): texts of
 * {@code vfio/<bus name>/migration/state} and {@code features}. They may be read whether the device is open or not.
 * Thread-safe. Spec: core NA-3.
 */
public final class MigrationDebug {
    private static final Logger LOG = LoggerFactory.getLogger(MigrationDebug.class);

    private final CoreDevice device;
    private final DeviceMigration migration;

    private MigrationDebug(CoreDevice device, DeviceMigration migration) {
        this.device = device;
        this.migration = migration;
    }

    /** The texts of a registered device; empty when it has no migration ops. */
    public static Optional<MigrationDebug> of(CoreDevice device) {
        return device.migration().map(migration -> new MigrationDebug(device, migration));
    }

    /**
     * Name of the state now, as one line.
     *
     * @throws VfioException EINVAL when the driver cannot tell it
     */
    public String state() {
        try {
            return MigrationStates.name(migration.state()) + "\n";
        } catch (VfioException e) {
            LOG.debug("the migration state of {} cannot be read", device, e);
            throw new VfioException(Errno.EINVAL, "the migration state of " + device + " cannot be read", e);
        }
    }

    /** What the device offers, one line each. */
    public String features() {
        var text = new StringBuilder();
        line(text, VfioMigration.VFIO_MIGRATION_STOP_COPY, "stop-copy");
        line(text, VfioMigration.VFIO_MIGRATION_P2P, "p2p");
        line(text, VfioMigration.VFIO_MIGRATION_PRE_COPY, "pre-copy");
        if (device.dmaLogging().isPresent()) {
            text.append("dirty-tracking\n");
        }
        return text.toString();
    }

    private void line(StringBuilder text, int flag, String name) {
        if ((migration.flags() & flag) != 0) {
            text.append(name).append('\n');
        }
    }
}
