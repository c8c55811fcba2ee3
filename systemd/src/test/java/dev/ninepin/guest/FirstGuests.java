package dev.ninepin.guest;

import org.junit.platform.suite.api.ExcludeClassNamePatterns;
import org.junit.platform.suite.api.IncludeClassNamePatterns;
import org.junit.platform.suite.api.SelectPackages;
import org.junit.platform.suite.api.Suite;

/**
 * All tests of this package that are not in {@link SecondGuests}. The two suites run in parallel, each with one guest
 * at a time.
 */
@Suite
@SelectPackages("dev.ninepin.guest")
@IncludeClassNamePatterns(".*IT")
@ExcludeClassNamePatterns(SecondGuests.CLASSES)
class FirstGuests {}
