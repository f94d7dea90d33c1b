// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.codec;

import static org.vfio4j.uapi.VfioFeature.VFIO_DEVICE_FEATURE_GET;
import static org.vfio4j.uapi.VfioFeature.VFIO_DEVICE_FEATURE_SET;

import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;
import org.vfio4j.core.vfio.CoreDevice;
import org.vfio4j.core.vfio.DeviceMigration;
import org.vfio4j.core.vfio.MigrationSession;
import org.vfio4j.uapi.VfioException;
import org.vfio4j.uapi.VfioFeature;
import org.vfio4j.uapi.struct.VfioDeviceFeatureMigDataSize;
import org.vfio4j.uapi.struct.VfioDeviceFeatureMigState;
import org.vfio4j.uapi.struct.VfioDeviceFeatureMigration;

/** Features MIGRATION, MIG_DEVICE_STATE, MIG_DATA_SIZE and MIG_PRECOPY_INFOv2. Spec: core §11, MG-4, MG-5. */
final class MigrationFeatures {
    private static final int NO_FILE = -1;

    private MigrationFeatures() {}

    static long execute(FeatureRequest request, DeviceMigration migration) {
        switch (request.number()) {
            case VfioFeature.VFIO_DEVICE_FEATURE_MIGRATION -> flags(request, migration);
            case VfioFeature.VFIO_DEVICE_FEATURE_MIG_DEVICE_STATE -> deviceState(request, migration);
            case VfioFeature.VFIO_DEVICE_FEATURE_MIG_DATA_SIZE -> dataSize(request, migration);
            default -> throw new IllegalArgumentException("feature " + request.number() + " is none of migration");
        }
        return 0;
    }

    private static void flags(FeatureRequest request, DeviceMigration migration) {
        if (request.executes(VFIO_DEVICE_FEATURE_GET, VfioDeviceFeatureMigration.SIZEOF)) {
            var data = request.allocate(VfioDeviceFeatureMigration.SIZEOF);
            VfioDeviceFeatureMigration.flags(data, migration.flags());
            request.write(data);
        }
    }

    private static void dataSize(FeatureRequest request, DeviceMigration migration) {
        if (request.executes(VFIO_DEVICE_FEATURE_GET, VfioDeviceFeatureMigDataSize.SIZEOF)) {
            var data = request.allocate(VfioDeviceFeatureMigDataSize.SIZEOF);
            VfioDeviceFeatureMigDataSize.stopCopyLength(data, migration.dataSize());
            request.write(data);
        }
    }

    /** Unlike the others it is EINVAL for a device that cannot do it, before anything else is looked at. */
    static long precopyInfoV2(FeatureRequest request, CoreDevice device) {
        var migration = device.migration().orElseThrow(() -> DeviceMigration.noPrecopy(device));
        migration.requirePrecopy();
        if (request.executes(VFIO_DEVICE_FEATURE_SET, 0)) {
            migration.enablePrecopyInfoV2();
        }
        return 0;
    }

    private static void deviceState(FeatureRequest request, DeviceMigration migration) {
        if (!request.executes(VFIO_DEVICE_FEATURE_GET | VFIO_DEVICE_FEATURE_SET, VfioDeviceFeatureMigState.SIZEOF)) {
            return;
        }
        var data = request.read(VfioDeviceFeatureMigState.SIZEOF);
        if (request.gets()) {
            VfioDeviceFeatureMigState.deviceState(data, migration.state());
            answer(request, data, NO_FILE);
        } else {
            setState(request, data, migration);
        }
    }

    private static void setState(FeatureRequest request, MemorySegment data, DeviceMigration migration) {
        @Nullable MigrationSession session;
        try {
            session = migration.setState(VfioDeviceFeatureMigState.deviceState(data));
        } catch (VfioException refused) {
            answer(request, data, NO_FILE);
            throw refused;
        }
        if (session == null) {
            answer(request, data, NO_FILE);
        } else {
            publish(request, data, session);
        }
    }

    /**
     * Gives the caller a descriptor of the session's data. When that fails the device stays in the state it has reached
     * the descriptor number and the file are given up.
     */
    private static void publish(FeatureRequest request, MemorySegment data, MigrationSession session) {
        var files = request.caller().files();
        try {
            int fd = files.reserve();
            try {
                answer(request, data, fd);
            } catch (RuntimeException e) {
                files.cancel(fd);
                throw e;
            }
            files.install(fd, new MigrationDataFile(session));
        } catch (RuntimeException e) {
            session.close();
            throw e;
        }
    }

    private static void answer(FeatureRequest request, MemorySegment data, int fd) {
        VfioDeviceFeatureMigState.dataFd(data, fd);
        request.write(data);
    }
}
