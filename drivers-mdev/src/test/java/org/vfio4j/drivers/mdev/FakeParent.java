// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.drivers.mdev;

import java.util.List;
import java.util.OptionalInt;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;
import org.vfio4j.spi.mdev.MdevModel;
import org.vfio4j.spi.mdev.MdevParent;
import org.vfio4j.spi.mdev.MdevType;

/** A parent put together by a test. */
final class FakeParent implements MdevParent {
    static final String DEVICE_API = "vfio-pci";

    private final String name;
    private final List<MdevType> types;

    OptionalInt maxInstances = OptionalInt.empty();

    /** The set its devices belong to. */
    @Nullable
    Object setKey;

    /** What was said of its changes. */
    final List<String> changes = new CopyOnWriteArrayList<>();

    FakeParent(String name, MdevType... types) {
        this.name = name;
        this.types = List.of(types);
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public String driverString() {
        return "fake";
    }

    @Override
    public List<MdevType> types() {
        return types;
    }

    @Override
    public OptionalInt maxInstances() {
        return maxInstances;
    }

    @Override
    public int available(MdevType type) {
        return 77;
    }

    @Override
    public MdevModel create(MdevType type, UUID uuid) {
        return new FakeModel(setKey);
    }

    @Override
    public void destroy(MdevModel model) {}

    @Override
    public void changed(String variable) {
        changes.add(variable);
    }
}
