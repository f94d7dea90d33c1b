// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.testing;

import java.util.stream.Stream;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.ArgumentsProvider;
import org.junit.jupiter.params.support.ParameterDeclarations;
import org.vfio4j.Vfio;

/** Lists the open ways of a machine that is booted for the purpose. */
final class OpenWaysProvider implements ArgumentsProvider {
    @Override
    public Stream<? extends Arguments> provideArguments(ParameterDeclarations parameters, ExtensionContext context) {
        try (var vfio = Vfio.open()) {
            return OpenWay.all(vfio).stream().map(Arguments::of).toList().stream();
        }
    }
}
