package dev.ninepin.guest;

import org.junit.platform.suite.api.ExcludeClassNamePatterns;
import org.junit.platform.suite.api.IncludeClassNamePatterns;
import org.junit.platform.suite.api.SelectPackages;
import org.junit.platform.suite.api.Suite;

/** All tests of this package that are neither {@link SecondGuests} nor {@link UmlGuests}. */
@Suite
@SelectPackages("dev.ninepin.guest")
@IncludeClassNamePatterns(".*IT")
@ExcludeClassNamePatterns({SecondGuests.CLASSES, UmlGuests.CLASSES})
class FirstGuests {}
