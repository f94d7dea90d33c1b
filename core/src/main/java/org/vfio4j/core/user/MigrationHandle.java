// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.user;

import java.util.Optional;
import java.util.function.Supplier;
import org.vfio4j.Migration;
import org.vfio4j.MigrationData;
import org.vfio4j.MigrationState;
import org.vfio4j.core.vfio.DeviceMigration;

/** Migration of a device the program has open. */
final class MigrationHandle implements Migration {
    private final OpenDeviceFile file;
    private final DeviceMigration migration;
    private final Handles handles;

    MigrationHandle(OpenDeviceFile file, DeviceMigration migration, Handles handles) {
        this.file = file;
        this.migration = migration;
        this.handles = handles;
    }

    @Override
    public int flags() {
        return migration.flags();
    }

    @Override
    public MigrationState state() {
        return MigrationState.of(call(migration::state));
    }

    @Override
    public Optional<MigrationData> move(MigrationState state) {
        return call(() -> Optional.ofNullable(migration.setState(state.number())))
                .map(session -> handles.track(new MigrationDataHandle(session, name(), handles)));
    }

    private String name() {
        return file.file().device().toString();
    }

    @Override
    public long dataSize() {
        return call(migration::dataSize);
    }

    @Override
    public void enablePrecopyFlags() {
        call(() -> {
            migration.enablePrecopyInfoV2();
            return migration;
        });
    }

    private <T> T call(Supplier<T> call) {
        file.enter();
        try {
            return call.get();
        } finally {
            file.exit();
        }
    }
}
